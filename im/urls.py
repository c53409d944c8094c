app_name = "im"
urlpatterns = []
